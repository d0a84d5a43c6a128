# Goal: a cluster whose secrets go to Systems Manager and nowhere else. Method: parameters, policy and boot texts read on a
# mocked provider.
mock_provider "aws" {
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0" }
  }
  mock_resource "aws_ssm_parameter" {
    defaults = { arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/some" }
  }
}

variables {
  lab = {
    name                 = "bench-exp-1"
    project              = "pulsar-aws-lab"
    experiment_id        = "exp-1"
    region               = "eu-west-1"
    architecture         = "x86_64"
    vpc_id               = "vpc-1"
    subnets              = [{ id = "subnet-a", cidr = "10.0.1.0/24", zone = "eu-west-1a" }]
    bucket               = "results"
    bucket_arn           = "arn:aws:s3:::results"
    bench                = { uri = "s3://results/bench/bench.tar.gz", sha256 = "abc", arn = "arn:aws:s3:::results/bench/bench.tar.gz" }
    client_group_id      = "sg-clients"
    ssh_key_name         = null
    ssh_cidr_blocks      = []
    spot                 = false
    spot_max_price       = null
    permissions_boundary = null
    tags                 = { ExperimentID = "exp-1", Project = "pulsar-aws-lab" }
  }
  first_host = 140
  secrets    = { password = "correct-horse-battery", erlang_cookie = "abcdefghijklmnopqrstuvwxyz" }
  cluster = {
    version          = "4.3.1"
    image_id         = "ami-1"
    count            = 3
    instance_type    = "t3.small"
    root_volume_size = 10
    data_volume      = { size = 20 }
    memory_watermark = 0.6
    settings         = {}
  }
}

run "secrets_apart" {
  assert {
    condition     = alltrue([for parameter in [aws_ssm_parameter.password, aws_ssm_parameter.erlang_cookie] : parameter.type == "SecureString" && parameter.value_wo == null && parameter.tags.ExperimentID == "exp-1"])
    error_message = "expected encrypted parameters whose values the state does not know"
  }
  assert {
    condition     = alltrue([for text in module.boot[*].text : !strcontains(text, "correct-horse-battery") && !strcontains(text, "abcdefghijklmnopqrstuvwxyz")])
    error_message = "expected no secret in user data"
  }
  assert {
    condition     = strcontains(module.boot[0].text, "export BENCH_SECRET_PREFIX='/bench/exp-1/rabbitmq'")
    error_message = "expected the name of the parameters instead"
  }
  assert {
    condition     = output.secrets[0].variable == "BENCH_RABBITMQ_PASSWORD" && length(output.secrets) == 1
    error_message = "expected load generators to be told of the password alone"
  }
}

run "nodes" {
  assert {
    condition     = strcontains(module.boot[1].text, "export BENCH_NODES='10.0.1.140,10.0.1.141,10.0.1.142'") && strcontains(module.boot[1].text, "export BENCH_ADDRESS='10.0.1.141'")
    error_message = "expected each node to know itself and all addresses"
  }
  assert {
    condition     = contains(output.drivers, "rabbitmq servers: [10.0.1.140:5672, 10.0.1.141:5672, 10.0.1.142:5672]") && contains(output.drivers, "rabbitmq passwordEnv: BENCH_RABBITMQ_PASSWORD")
    error_message = "expected addresses, and where the password is found, for the load generators"
  }
}
