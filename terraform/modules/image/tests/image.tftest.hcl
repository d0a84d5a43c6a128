# Goal: a named image is taken as it is, else the newest own one by its tags. Method: read on a mocked provider.
mock_provider "aws" {
  mock_data "aws_ami" {
    defaults = { id = "ami-newest" }
  }
}

variables {
  project          = "pulsar-aws-lab"
  software         = "store"
  software_version = "1.2.*"
  architecture     = "x86_64"
}

run "newest_by_tags" {
  assert {
    condition     = output.id == "ami-newest"
    error_message = "expected what the look-up found"
  }
  assert {
    condition     = data.aws_ami.this[0].most_recent && data.aws_ami.this[0].owners == tolist(["self"])
    error_message = "expected the newest of this account: anybody may publish an image with our tags"
  }
  assert {
    condition = {
      for filter in data.aws_ami.this[0].filter : filter.name => one(filter.values)
      } == {
      "tag:Project"         = "pulsar-aws-lab"
      "tag:Software"        = "store"
      "tag:SoftwareVersion" = "1.2.*"
      architecture          = "x86_64"
      state                 = "available"
    }
    error_message = "expected a look-up by the tags that Packer sets"
  }
}

run "by_id" {
  variables {
    image_id = "ami-0123456789abcdef0"
  }
  assert {
    condition     = output.id == "ami-0123456789abcdef0" && length(data.aws_ami.this) == 0
    error_message = "expected the named image and no look-up"
  }
}

run "no_image_id" {
  command = plan
  variables {
    image_id = "i-0123456789abcdef0"
  }
  expect_failures = [var.image_id]
}
