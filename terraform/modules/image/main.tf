# The newest image that Packer made for a piece of software, unless one is named.

data "aws_ami" "this" {
  count = var.image_id == null ? 1 : 0

  most_recent = true
  owners      = ["self"]

  filter {
    name   = "tag:Project"
    values = [var.project]
  }
  filter {
    name   = "tag:Software"
    values = [var.software]
  }
  filter {
    name   = "tag:SoftwareVersion"
    values = [var.software_version]
  }
  filter {
    name   = "architecture"
    values = [var.architecture]
  }
  filter {
    name   = "state"
    values = ["available"]
  }
}

output "id" {
  description = "Id of the image."
  value       = var.image_id == null ? data.aws_ami.this[0].id : var.image_id
}
