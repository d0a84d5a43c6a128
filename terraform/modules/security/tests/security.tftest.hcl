# Goal: nothing is open that was not asked for. Method: rules counted and read on a mocked provider.
mock_provider "aws" {}

variables {
  name        = "bench-exp-1-store"
  description = "Store of exp-1"
  role        = "store"
  vpc_id      = "vpc-1"
  tags        = { ExperimentID = "exp-1" }
}

run "closed_by_default" {
  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.inside) + length(aws_vpc_security_group_ingress_rule.from) + length(aws_vpc_security_group_ingress_rule.ssh) == 0
    error_message = "expected no way in"
  }
  assert {
    condition     = aws_security_group.this.tags.ExperimentID == "exp-1" && aws_security_group.this.tags.Role == "store"
    error_message = "expected the experiment's tags"
  }
}

run "only_what_is_listed" {
  variables {
    inside = { peers = { from = 2888, to = 3888 } }
    from   = { clients = { from = 9092, security_group_id = "sg-clients" } }
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.inside["peers"].referenced_security_group_id == aws_security_group.this.id
    error_message = "expected members of the group only"
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.from["clients"].referenced_security_group_id == "sg-clients"
    error_message = "expected the other group only"
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.from["clients"].to_port == 9092
    error_message = "expected a single port when no range is given"
  }
  assert {
    condition = alltrue([
      for rule in concat(values(aws_vpc_security_group_ingress_rule.inside), values(aws_vpc_security_group_ingress_rule.from)) :
      rule.cidr_ipv4 == null && rule.tags.ExperimentID == "exp-1"
    ])
    error_message = "expected groups, never address ranges, and tags on each rule"
  }
}

run "ssh_of_choice" {
  variables {
    ssh_cidr_blocks = ["203.0.113.7/32"]
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.ssh["203.0.113.7/32"].from_port == 22
    error_message = "expected SSH from that address"
  }
}

run "never_ssh_for_all" {
  command = plan
  variables {
    ssh_cidr_blocks = ["0.0.0.0/0"]
  }
  expect_failures = [var.ssh_cidr_blocks]
}
