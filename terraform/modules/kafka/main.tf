# A Kafka cluster in KRaft mode: every node is broker and controller.

locals {
  role     = "kafka"
  nodes    = module.addresses.private_ips
  replicas = min(3, var.cluster.count)
  # Sixteen bytes in base64, as Kafka wants them; any will do, but all nodes must be told the same.
  cluster_id = substr(base64encode(substr(md5(var.lab.experiment_id), 0, 16)), 0, 22)
}

module "image" {
  source           = "../image"
  image_id         = var.cluster.image_id
  project          = var.lab.project
  software         = "kafka"
  software_version = var.cluster.version
  architecture     = var.lab.architecture
}

module "addresses" {
  source     = "../addresses"
  subnets    = var.lab.subnets
  first_host = var.first_host
  size       = var.cluster.count
}

module "security" {
  source          = "../security"
  name            = "${var.lab.name}-${local.role}"
  description     = "Kafka of ${var.lab.experiment_id}"
  role            = local.role
  vpc_id          = var.lab.vpc_id
  ssh_cidr_blocks = var.lab.ssh_cidr_blocks
  inside          = { brokers-and-controllers = { from = 9092, to = 9093 } }
  from            = { clients = { from = 9092, security_group_id = var.lab.client_group_id } }
  tags            = var.lab.tags
}

module "iam" {
  source               = "../iam"
  name                 = var.lab.name
  role                 = local.role
  bucket_arn           = var.lab.bucket_arn
  permissions_boundary = var.lab.permissions_boundary
  tags                 = var.lab.tags
}

module "boot" {
  source = "../boot"
  count  = var.cluster.count

  role     = local.role
  units    = ["kafka", "spot-watch"]
  programs = ["spot-watch"]
  settings = {
    ROLE        = local.role
    REGION      = var.lab.region
    SPOT        = var.lab.spot
    INDEX       = count.index + 1
    ADDRESS     = local.nodes[count.index]
    NODES       = join(",", local.nodes)
    CLUSTER_ID  = local.cluster_id
    REPLICAS    = local.replicas
    MIN_IN_SYNC = min(2, local.replicas)
    HEAP_SIZE   = var.cluster.heap_size
    SETTINGS    = join("\n", [for key, value in var.cluster.settings : "${key}=${value}"])
  }
}

module "nodes" {
  source             = "../fleet"
  name               = var.lab.name
  role               = local.role
  addresses          = module.addresses.addresses
  user_data          = module.boot[*].text
  image_id           = module.image.id
  instance_type      = var.cluster.instance_type
  root_volume_size   = var.cluster.root_volume_size
  data_volume        = var.cluster.data_volume
  security_group_ids = [module.security.id]
  instance_profile   = module.iam.instance_profile
  ssh_key_name       = var.lab.ssh_key_name
  spot               = var.lab.spot
  spot_max_price     = var.lab.spot_max_price
  tags               = var.lab.tags
}
