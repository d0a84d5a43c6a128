# Goal: load generators send to the gateway, and it exports to the first one's sink. Method: boot text, rules and outputs
# read on a mocked provider.
mock_provider "aws" {
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0" }
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
  first_host   = 170
  sink_address = "10.0.1.200"
  gateway = {
    image_id         = "ami-1"
    count            = 1
    instance_type    = "t3.small"
    root_volume_size = 10
    settings         = { GATEWAY_PROCESSES = "2" }
  }
}

run "between_clients_and_sink" {
  assert {
    condition     = strcontains(module.boot[0].text, "OTLP_UPSTREAM_LOGS_URL=http://10.0.1.200:14328/v1/logs") && strcontains(module.boot[0].text, "GATEWAY_PROCESSES=2")
    error_message = "expected the sink as upstream, and the user's settings"
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.sink.security_group_id == "sg-clients" && aws_vpc_security_group_ingress_rule.sink.from_port == 14327
    error_message = "expected the sink to be open for the gateway"
  }
  assert {
    condition     = output.drivers == ["otlp servers: [http://10.0.1.170:4318, grpc://10.0.1.170:4317]", "otlp sinkHost: 10.0.1.200"]
    error_message = "expected addresses for the load generators"
  }
  assert {
    condition     = strcontains(module.boot[0].text, "export BENCH_ARCHIVE_SHA256='abc'")
    error_message = "expected bench to be brought and checked"
  }
}
