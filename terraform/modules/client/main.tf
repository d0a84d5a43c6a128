# The load generators: bench, driver files that name the systems of this experiment, and run-benchmark.

locals {
  role = "client"
}

module "image" {
  source           = "../image"
  image_id         = var.fleet.image_id
  project          = var.lab.project
  software         = "client"
  software_version = "*"
  architecture     = var.lab.architecture
}

module "iam" {
  source               = "../iam"
  name                 = var.lab.name
  role                 = local.role
  bucket_arn           = var.lab.bucket_arn
  parameter_arns       = var.secrets[*].arn
  readable_object_arns = var.lab.bench[*].arn
  permissions_boundary = var.lab.permissions_boundary
  tags                 = var.lab.tags
}

module "boot" {
  source = "../boot"
  count  = length(var.addresses)

  role     = local.role
  units    = ["spot-watch"]
  programs = ["spot-watch", "run-benchmark"]
  settings = {
    ROLE           = local.role
    REGION         = var.lab.region
    SPOT           = var.lab.spot
    ADDRESS        = var.addresses[count.index].private_ip
    BUCKET         = var.lab.bucket
    ARCHIVE_URI    = try(var.lab.bench.uri, "")
    ARCHIVE_SHA256 = try(var.lab.bench.sha256, "")
    DRIVERS        = join("\n", var.drivers)
    SECRETS        = join("\n", [for secret in var.secrets : "${secret.variable} ${secret.name}"])
  }
}

module "nodes" {
  source             = "../fleet"
  name               = var.lab.name
  role               = local.role
  addresses          = var.addresses
  user_data          = module.boot[*].text
  image_id           = module.image.id
  instance_type      = var.fleet.instance_type
  root_volume_size   = var.fleet.root_volume_size
  security_group_ids = [var.lab.client_group_id]
  instance_profile   = module.iam.instance_profile
  ssh_key_name       = var.lab.ssh_key_name
  spot               = var.lab.spot
  spot_max_price     = var.lab.spot_max_price
  tags               = var.lab.tags
}
