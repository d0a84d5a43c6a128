# Goal: a whole experiment, with every system, holds together: addresses apart, tags on everything, no secrets anywhere.
# Method: applied against a mocked provider. test/terraform reads the state of the run `everything` and searches it.
mock_provider "aws" {
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0" }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a"] }
  }
  mock_data "aws_ami" {
    defaults = { id = "ami-0123456789abcdef0" }
  }
  mock_resource "aws_ssm_parameter" {
    defaults = { arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/some" }
  }
}

variables {
  experiment_id    = "exp-20261121-101500"
  experiment_name  = "all of them"
  expires_at       = "2026-11-21T18:00:00Z"
  region           = "eu-west-1"
  tags             = { team = "data-platform", "cost-center" = "engineering" }
  pulsar           = {}
  kafka            = {}
  rabbitmq         = {}
  gateway          = {}
  rabbitmq_secrets = { password = "Correct-horse_battery1", erlang_cookie = "ErlangCookieOfTheTest12345" }
}

run "everything" {
  variables {
    use_spot_instances = true
    spot_max_price     = "0.05"
    bench_archive      = "./main.tf"
  }

  assert {
    condition     = length(distinct(output.instances[*].private_ip)) == length(output.instances) && length(output.instances) == 3 + 3 + 2 + 3 + 3 + 1 + 1
    error_message = "expected 16 instances, each with an address of its own"
  }
  assert {
    condition = tomap(output.tags) == tomap({
      Project       = "pulsar-aws-lab"
      ExperimentID  = "exp-20261121-101500"
      Experiment    = "all of them"
      ManagedBy     = "terraform"
      TTL           = "2026-11-21T18:00:00Z"
      team          = "data-platform"
      "cost-center" = "engineering"
    })
    error_message = "expected our tags and the user's"
  }
  assert {
    condition     = length(output.drivers) == 7
    error_message = "expected the addresses of all systems for the load generators"
  }
}

run "one_system_alone" {
  command = plan
  variables {
    pulsar   = null
    rabbitmq = null
    gateway  = null
    kafka    = { count = 1 }
  }
  assert {
    condition     = [for instance in output.instances : instance.role] == ["kafka", "client"]
    error_message = "expected one node and one load generator"
  }
}

# One run for as many mistakes as fit: each run costs seconds.
run "mistakes" {
  command = plan
  variables {
    experiment_id    = "Exp 1"
    expires_at       = "tomorrow"
    tags             = { experimentid = "mine" }
    spot_max_price   = "cheap"
    ssh              = { key_name = "mine" }
    client           = { count = 0 }
    pulsar           = { zookeeper = { count = 2 } }
    kafka            = { count = 2 }
    rabbitmq         = { count = 4 }
    gateway          = { settings = { OTLP_UPSTREAM_HEADERS = "authorization=x" } }
    rabbitmq_secrets = { password = "guest", erlang_cookie = "x" }
  }
  expect_failures = [
    var.experiment_id,
    var.expires_at,
    var.tags,
    var.spot_max_price,
    var.ssh,
    var.client,
    var.pulsar,
    var.kafka,
    var.rabbitmq,
    var.gateway,
    var.rabbitmq_secrets,
  ]
}

run "mistakes_within_a_system" {
  command = plan
  variables {
    pulsar = { bookkeeper = { count = 2 }, broker = { write_quorum = 3 } }
    kafka  = { heap_size = "lots" }
  }
  expect_failures = [var.pulsar, var.kafka]
}

# Five bookies, and three of them by default in a ledger.
run "more_copies_than_a_ledger_has_bookies" {
  command = plan
  variables {
    pulsar = { bookkeeper = { count = 5 }, broker = { write_quorum = 4 } }
  }
  expect_failures = [var.pulsar]
}
