# Goal: one public subnet a zone, all of it tagged. Method: plans and applies against a mocked provider.
mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
  }
}

variables {
  name     = "bench-exp-1"
  vpc_cidr = "10.7.0.0/16"
  tags     = { ExperimentID = "exp-1", Project = "pulsar-aws-lab" }
}

run "first_zone_by_default" {
  command = plan

  assert {
    condition     = length(aws_subnet.this) == 1 && aws_subnet.this[0].availability_zone == "eu-west-1a"
    error_message = "expected one subnet in the first zone"
  }
  assert {
    condition     = aws_subnet.this[0].cidr_block == "10.7.1.0/24"
    error_message = "expected the first /24 after the VPC's own"
  }
  assert {
    condition     = aws_route.internet.destination_cidr_block == "0.0.0.0/0"
    error_message = "expected a way to the internet for packages"
  }
  assert {
    condition = alltrue([
      for tags in [aws_vpc.this.tags, aws_internet_gateway.this.tags, aws_subnet.this[0].tags, aws_route_table.this.tags] :
      tags.ExperimentID == "exp-1" && tags.Role == "network"
    ])
    error_message = "expected the experiment's tags and a role on everything"
  }
}

run "zones_of_choice" {
  variables {
    availability_zones = ["eu-west-1b", "eu-west-1c"]
  }

  assert {
    condition     = [for subnet in output.subnets : subnet.zone] == ["eu-west-1b", "eu-west-1c"]
    error_message = "expected a subnet in each zone that was asked for"
  }
  assert {
    condition     = [for subnet in output.subnets : subnet.cidr] == ["10.7.1.0/24", "10.7.2.0/24"]
    error_message = "expected ranges that do not overlap"
  }
  assert {
    condition     = length(aws_route_table_association.this) == 2
    error_message = "expected every subnet to have the route"
  }
}

run "a_range_too_small" {
  command = plan
  variables {
    vpc_cidr = "10.7.0.0/24"
  }
  expect_failures = [var.vpc_cidr]
}

run "a_zone_twice" {
  command = plan
  variables {
    availability_zones = ["eu-west-1a", "eu-west-1a"]
  }
  expect_failures = [var.availability_zones]
}
