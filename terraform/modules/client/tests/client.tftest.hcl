# Goal: load generators that know the systems, and where the secrets are kept. Method: boot text read on a mocked provider.
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
  addresses = [{ subnet_id = "subnet-a", private_ip = "10.0.1.200" }]
  fleet     = { image_id = "ami-1", instance_type = "t3.small", root_volume_size = 20 }
  drivers   = ["store servers: [10.0.1.110:9092]", "store username: bench"]
  secrets   = [{ variable = "STORE_PASSWORD", name = "/bench/exp-1/store/password", arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/bench/exp-1/store/password" }]
}

run "one_client" {
  assert {
    condition     = strcontains(module.boot[0].text, "export BENCH_DRIVERS='store servers: [10.0.1.110:9092]\nstore username: bench'")
    error_message = "expected what is added to driver files"
  }
  assert {
    condition     = strcontains(module.boot[0].text, "export BENCH_SECRETS='STORE_PASSWORD /bench/exp-1/store/password'")
    error_message = "expected names of secrets"
  }
  assert {
    condition     = strcontains(module.boot[0].text, file("../../user-data/run-benchmark"))
    error_message = "expected run-benchmark"
  }
  assert {
    condition     = output.instances[0].private_ip == "10.0.1.200" && output.instances[0].name == "client-1"
    error_message = "expected the instance"
  }
}
