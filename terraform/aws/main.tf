# One experiment on AWS: a network, the systems under test that were asked for, and load generators. Each system has a
# file of its own here, which only says what it is made of and adds its part to the locals below.

locals {
  name = "bench-${var.experiment_id}"

  # Reaches whatever the provider can tag; modules repeat them where it cannot (see modules/fleet).
  tags = merge(var.tags, {
    Project      = var.project
    ExperimentID = var.experiment_id
    Experiment   = var.experiment_name
    ManagedBy    = "terraform"
    TTL          = var.expires_at
  })

  lab = {
    name                 = local.name
    project              = var.project
    experiment_id        = var.experiment_id
    region               = var.region
    architecture         = var.architecture
    vpc_id               = module.network.vpc_id
    subnets              = module.network.subnets
    bucket               = module.results.bucket
    bucket_arn           = module.results.bucket_arn
    bench                = module.results.bench
    client_group_id      = module.client_security.id
    ssh_key_name         = var.ssh.key_name
    ssh_cidr_blocks      = var.ssh.cidr_blocks
    spot                 = var.use_spot_instances
    spot_max_price       = var.spot_max_price
    permissions_boundary = var.permissions_boundary
    tags                 = local.tags
  }

  # First host numbers in each subnet: a range of its own for everybody.
  hosts = { pulsar = 10, kafka = 110, rabbitmq = 140, gateway = 170, client = 200 }

  systems = concat(module.pulsar[*], module.kafka[*], module.rabbitmq[*], module.gateway[*])
}

module "network" {
  source             = "../modules/network"
  name               = local.name
  vpc_cidr           = var.vpc_cidr
  availability_zones = var.availability_zones
  tags               = local.tags
}

module "results" {
  source        = "../modules/results"
  name          = local.name
  bench_archive = var.bench_archive
  tags          = local.tags
}

# Apart from the load generators themselves: the systems name it in their rules, and they name the systems.
module "client_security" {
  source          = "../modules/security"
  name            = "${local.name}-client"
  description     = "Load generators of ${var.experiment_id}"
  role            = "client"
  vpc_id          = module.network.vpc_id
  ssh_cidr_blocks = var.ssh.cidr_blocks
  # Workers of a fleet answer their supervisor.
  inside = { workers = { from = 7400, to = 7499 } }
  tags   = local.tags
}

module "client_addresses" {
  source     = "../modules/addresses"
  subnets    = module.network.subnets
  first_host = local.hosts.client
  size       = var.client.count
}

module "client" {
  source    = "../modules/client"
  lab       = local.lab
  addresses = module.client_addresses.addresses
  fleet     = var.client
  drivers   = flatten(local.systems[*].drivers)
  secrets   = flatten(local.systems[*].secrets)
}
