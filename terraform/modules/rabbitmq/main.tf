# A RabbitMQ cluster for quorum queues: a message is on the disks of most nodes before it is confirmed.

locals {
  role   = "rabbitmq"
  nodes  = module.addresses.private_ips
  prefix = "/bench/${var.lab.experiment_id}/rabbitmq"
}

# Write-only arguments: Terraform hands them on and keeps them in neither plan nor state. A later apply with other values,
# or without any, changes nothing until the version is raised; nor does a destroy need them. A first apply without them
# writes `unset`, which nodes refuse to start with.
resource "aws_ssm_parameter" "password" {
  name             = "${local.prefix}/password"
  description      = "Password of the user bench"
  type             = "SecureString"
  value_wo         = var.secrets == null ? "unset" : var.secrets.password
  value_wo_version = 1
  tags             = merge(var.lab.tags, { Name = "${var.lab.name}-rabbitmq-password", Role = local.role })
}

resource "aws_ssm_parameter" "erlang_cookie" {
  name             = "${local.prefix}/erlang-cookie"
  description      = "Secret by which the nodes know each other"
  type             = "SecureString"
  value_wo         = var.secrets == null ? "unset" : var.secrets.erlang_cookie
  value_wo_version = 1
  tags             = merge(var.lab.tags, { Name = "${var.lab.name}-rabbitmq-cookie", Role = local.role })
}

module "image" {
  source           = "../image"
  image_id         = var.cluster.image_id
  project          = var.lab.project
  software         = "rabbitmq"
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
  description     = "RabbitMQ of ${var.lab.experiment_id}"
  role            = local.role
  vpc_id          = var.lab.vpc_id
  ssh_cidr_blocks = var.lab.ssh_cidr_blocks
  inside = {
    clients      = { from = 5672 }
    erlang-names = { from = 4369 }
    erlang-nodes = { from = 25672 }
    # rabbitmqctl on one node asks another.
    erlang-tools = { from = 35672, to = 35682 }
  }
  from = { clients = { from = 5672, security_group_id = var.lab.client_group_id } }
  tags = var.lab.tags
}

module "iam" {
  source               = "../iam"
  name                 = var.lab.name
  role                 = local.role
  bucket_arn           = var.lab.bucket_arn
  parameter_arns       = [aws_ssm_parameter.password.arn, aws_ssm_parameter.erlang_cookie.arn]
  permissions_boundary = var.lab.permissions_boundary
  tags                 = var.lab.tags
}

module "boot" {
  source = "../boot"
  count  = var.cluster.count

  role     = local.role
  units    = ["rabbitmq", "spot-watch"]
  programs = ["spot-watch"]
  settings = {
    ROLE             = local.role
    REGION           = var.lab.region
    SPOT             = var.lab.spot
    ADDRESS          = local.nodes[count.index]
    NODES            = join(",", local.nodes)
    SECRET_PREFIX    = local.prefix
    MEMORY_WATERMARK = var.cluster.memory_watermark
    SETTINGS         = join("\n", [for key, value in var.cluster.settings : "${key}=${value}"])
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
