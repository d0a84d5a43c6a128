# A Pulsar cluster: ZooKeeper for its metadata, BookKeeper for the messages, brokers for the clients.

locals {
  zookeepers = module.zookeeper_addresses.private_ips
  bookies    = module.bookkeeper_addresses.private_ips
  brokers    = module.broker_addresses.private_ips

  # Copies of each message: three where there are as many bookies, of which two must have it.
  ensemble_size = coalesce(var.cluster.broker.ensemble_size, min(3, var.cluster.bookkeeper.count))
  write_quorum  = coalesce(var.cluster.broker.write_quorum, min(3, local.ensemble_size))
  ack_quorum    = coalesce(var.cluster.broker.ack_quorum, min(2, local.write_quorum))

  settings = {
    REGION     = var.lab.region
    SPOT       = var.lab.spot
    ZOOKEEPERS = join(",", local.zookeepers)
  }
}

module "image" {
  source           = "../image"
  image_id         = var.cluster.image_id
  project          = var.lab.project
  software         = "pulsar"
  software_version = var.cluster.version
  architecture     = var.lab.architecture
}

# One group for the three kinds: they are one system, and each talks to the others.
module "security" {
  source          = "../security"
  name            = "${var.lab.name}-pulsar"
  description     = "Pulsar of ${var.lab.experiment_id}"
  role            = "pulsar"
  vpc_id          = var.lab.vpc_id
  ssh_cidr_blocks = var.lab.ssh_cidr_blocks
  inside = {
    zookeeper-clients  = { from = 2181 }
    zookeeper-peers    = { from = 2888 }
    zookeeper-election = { from = 3888 }
    bookies            = { from = 3181 }
    brokers            = { from = 6650 }
    brokers-web        = { from = 8080 }
  }
  from = {
    clients     = { from = 6650, security_group_id = var.lab.client_group_id }
    clients-web = { from = 8080, security_group_id = var.lab.client_group_id }
  }
  tags = var.lab.tags
}

module "iam" {
  source   = "../iam"
  for_each = toset(["zookeeper", "bookkeeper", "broker"])

  name                 = var.lab.name
  role                 = each.key
  bucket_arn           = var.lab.bucket_arn
  permissions_boundary = var.lab.permissions_boundary
  tags                 = var.lab.tags
}
