# bench's own OTLP gateway as a system under test: load generators send to it, and it exports to their sink.

locals {
  role = "gateway"
  sink = { http = 14328, grpc = 14327 }
}

module "image" {
  source = "../image"
  # It runs from the same files as the load generators.
  image_id         = var.gateway.image_id
  project          = var.lab.project
  software         = "client"
  software_version = "*"
  architecture     = var.lab.architecture
}

module "addresses" {
  source     = "../addresses"
  subnets    = var.lab.subnets
  first_host = var.first_host
  size       = var.gateway.count
}

module "security" {
  source          = "../security"
  name            = "${var.lab.name}-${local.role}"
  description     = "OTLP gateway of ${var.lab.experiment_id}"
  role            = local.role
  vpc_id          = var.lab.vpc_id
  ssh_cidr_blocks = var.lab.ssh_cidr_blocks
  from = {
    otlp    = { from = 4317, to = 4318, security_group_id = var.lab.client_group_id }
    metrics = { from = 9464, security_group_id = var.lab.client_group_id }
  }
  tags = var.lab.tags
}

resource "aws_vpc_security_group_ingress_rule" "sink" {
  security_group_id            = var.lab.client_group_id
  description                  = "exports of the gateway"
  ip_protocol                  = "tcp"
  from_port                    = local.sink.grpc
  to_port                      = local.sink.http
  referenced_security_group_id = module.security.id

  tags = merge(var.lab.tags, { Name = "${var.lab.name}-sink", Role = local.role })
}

module "iam" {
  source               = "../iam"
  name                 = var.lab.name
  role                 = local.role
  bucket_arn           = var.lab.bucket_arn
  readable_object_arns = var.lab.bench[*].arn
  permissions_boundary = var.lab.permissions_boundary
  tags                 = var.lab.tags
}

module "boot" {
  source = "../boot"
  count  = var.gateway.count

  role     = local.role
  units    = ["gateway", "spot-watch"]
  programs = ["spot-watch"]
  settings = {
    ROLE           = local.role
    REGION         = var.lab.region
    SPOT           = var.lab.spot
    ADDRESS        = module.addresses.private_ips[count.index]
    ARCHIVE_URI    = try(var.lab.bench.uri, "")
    ARCHIVE_SHA256 = try(var.lab.bench.sha256, "")
    SETTINGS = join("\n", [
      for name, value in merge({
        for signal in ["traces", "metrics", "logs"] :
        "OTLP_UPSTREAM_${upper(signal)}_URL" => "http://${var.sink_address}:${local.sink.http}/v1/${signal}"
      }, var.gateway.settings) : "${name}=${value}"
    ])
  }
}

module "nodes" {
  source             = "../fleet"
  name               = var.lab.name
  role               = local.role
  addresses          = module.addresses.addresses
  user_data          = module.boot[*].text
  image_id           = module.image.id
  instance_type      = var.gateway.instance_type
  root_volume_size   = var.gateway.root_volume_size
  security_group_ids = [module.security.id]
  instance_profile   = module.iam.instance_profile
  ssh_key_name       = var.lab.ssh_key_name
  spot               = var.lab.spot
  spot_max_price     = var.lab.spot_max_price
  tags               = var.lab.tags
}
