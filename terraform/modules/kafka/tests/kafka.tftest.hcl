# Goal: nodes that know each other, reachable by load generators alone. Method: boot texts and rules read on a mocked
# provider.
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
  first_host = 110
  cluster = {
    version          = "4.3.1"
    image_id         = "ami-1"
    count            = 3
    instance_type    = "t3.small"
    root_volume_size = 10
    data_volume      = { size = 20 }
    heap_size        = "1G"
    settings         = { "num.io.threads" = "4" }
  }
}

run "three_nodes" {
  assert {
    condition     = length(module.nodes.instances) == 3 && output.drivers == ["kafka servers: [10.0.1.110:9092, 10.0.1.111:9092, 10.0.1.112:9092]"]
    error_message = "expected three nodes, and their addresses for the load generators"
  }
  assert {
    condition     = strcontains(module.boot[2].text, "export BENCH_INDEX='3'") && strcontains(module.boot[2].text, "export BENCH_NODES='10.0.1.110,10.0.1.111,10.0.1.112'")
    error_message = "expected each node to know its number and all addresses"
  }
  assert {
    condition     = strcontains(module.boot[0].text, "export BENCH_SETTINGS='num.io.threads=4'")
    error_message = "expected the user's settings"
  }
  assert {
    condition     = strcontains(module.boot[0].text, "export BENCH_REPLICAS='3'") && strcontains(module.boot[0].text, "export BENCH_MIN_IN_SYNC='2'")
    error_message = "expected three copies, two of them in time"
  }
  assert {
    condition     = length(regexall("BENCH_CLUSTER_ID='[A-Za-z0-9]{22}'", module.boot[0].text)) == 1
    error_message = "expected a cluster id as Kafka wants it"
  }
}

run "a_single_node" {
  variables {
    cluster = {
      version          = "4.3.1"
      image_id         = "ami-1"
      count            = 1
      instance_type    = "t3.small"
      root_volume_size = 10
      data_volume      = null
      heap_size        = "1G"
      settings         = {}
    }
  }
  assert {
    condition     = strcontains(module.boot[0].text, "export BENCH_REPLICAS='1'") && strcontains(module.boot[0].text, "export BENCH_MIN_IN_SYNC='1'")
    error_message = "expected one copy on one node"
  }
}
