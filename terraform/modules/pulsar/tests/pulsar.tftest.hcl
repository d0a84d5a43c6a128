# Goal: ZooKeeper, bookies and brokers that know each other, with copies that fit the number of bookies. Method: boot
# texts and outputs read on a mocked provider.
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
  first_host = 10
  cluster = {
    version  = "4.0.8"
    image_id = "ami-1"
    zookeeper = {
      count            = 3
      instance_type    = "t3.micro"
      root_volume_size = 10
      heap_size        = "512M"
      settings         = {}
    }
    bookkeeper = {
      count              = 3
      instance_type      = "t3.small"
      root_volume_size   = 10
      data_volume        = { size = 20 }
      heap_size          = "768M"
      direct_memory_size = "512M"
      settings           = { journalSyncData = "false" }
    }
    broker = {
      count                        = 2
      instance_type                = "t3.small"
      root_volume_size             = 10
      heap_size                    = "1G"
      direct_memory_size           = "512M"
      managed_ledger_cache_size_mb = 256
      ensemble_size                = null
      write_quorum                 = null
      ack_quorum                   = null
      settings                     = {}
    }
  }
}

run "the_default_cluster" {
  assert {
    condition     = sort(output.instances[*].name) == tolist(["bookkeeper-1", "bookkeeper-2", "bookkeeper-3", "broker-1", "broker-2", "zookeeper-1", "zookeeper-2", "zookeeper-3"])
    error_message = "expected eight instances by their roles"
  }
  assert {
    condition     = output.drivers == ["pulsar servers: [10.0.1.70:6650, 10.0.1.71:6650]"]
    error_message = "expected the brokers' addresses for the load generators"
  }
  assert {
    condition = alltrue([
      for text in concat(module.zookeeper_boot[*].text, module.bookkeeper_boot[*].text, module.broker_boot[*].text) :
      strcontains(text, "export BENCH_ZOOKEEPERS='10.0.1.10,10.0.1.11,10.0.1.12'")
    ])
    error_message = "expected everybody to know ZooKeeper"
  }
  assert {
    condition = (
      strcontains(module.broker_boot[0].text, "export BENCH_ENSEMBLE='3'") &&
      strcontains(module.broker_boot[0].text, "export BENCH_WRITE_QUORUM='3'") &&
      strcontains(module.broker_boot[0].text, "export BENCH_ACK_QUORUM='2'") &&
      strcontains(module.broker_boot[0].text, "export BENCH_BOOKIES='10.0.1.30,10.0.1.31,10.0.1.32'")
    )
    error_message = "expected three copies, of which two must be there"
  }
  assert {
    condition     = strcontains(module.zookeeper_boot[0].text, "export BENCH_BROKERS='10.0.1.70,10.0.1.71'")
    error_message = "expected the metadata's writer to know the brokers"
  }
  assert {
    condition     = strcontains(module.bookkeeper_boot[0].text, "export BENCH_SETTINGS='journalSyncData=false'")
    error_message = "expected the user's settings"
  }
}

run "spot" {
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
      bench                = null
      client_group_id      = "sg-clients"
      ssh_key_name         = null
      ssh_cidr_blocks      = []
      spot                 = true
      spot_max_price       = "0.02"
      permissions_boundary = null
      tags                 = { ExperimentID = "exp-1" }
    }
  }
  assert {
    condition     = alltrue([for text in module.bookkeeper_boot[*].text : strcontains(text, "export BENCH_SPOT='true'")])
    error_message = "expected instances to watch for their end"
  }
}
