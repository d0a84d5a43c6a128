module "broker_addresses" {
  source     = "../addresses"
  subnets    = var.lab.subnets
  first_host = var.first_host + 60
  size       = var.cluster.broker.count
}

module "broker_boot" {
  source = "../boot"
  count  = var.cluster.broker.count

  role     = "broker"
  units    = ["broker", "spot-watch"]
  programs = ["spot-watch"]
  settings = merge(local.settings, {
    ROLE               = "broker"
    INDEX              = count.index + 1
    ADDRESS            = module.broker_addresses.private_ips[count.index]
    HEAP_SIZE          = var.cluster.broker.heap_size
    DIRECT_MEMORY_SIZE = var.cluster.broker.direct_memory_size
    BOOKIES            = join(",", local.bookies)
    ENSEMBLE           = local.ensemble_size
    WRITE_QUORUM       = local.write_quorum
    ACK_QUORUM         = local.ack_quorum
    CACHE_SIZE_MIB     = var.cluster.broker.managed_ledger_cache_size_mb
    SETTINGS           = join("\n", [for key, value in var.cluster.broker.settings : "${key}=${value}"])
  })
}

module "broker" {
  source           = "../fleet"
  name             = var.lab.name
  role             = "broker"
  addresses        = module.broker_addresses.addresses
  user_data        = module.broker_boot[*].text
  image_id         = module.image.id
  instance_type    = var.cluster.broker.instance_type
  root_volume_size = var.cluster.broker.root_volume_size

  security_group_ids = [module.security.id]
  instance_profile   = module.iam["broker"].instance_profile
  ssh_key_name       = var.lab.ssh_key_name
  spot               = var.lab.spot
  spot_max_price     = var.lab.spot_max_price
  tags               = var.lab.tags
}
