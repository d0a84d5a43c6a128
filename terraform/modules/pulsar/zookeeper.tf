module "zookeeper_addresses" {
  source     = "../addresses"
  subnets    = var.lab.subnets
  first_host = var.first_host + 0
  size       = var.cluster.zookeeper.count
}

module "zookeeper_boot" {
  source = "../boot"
  count  = var.cluster.zookeeper.count

  role     = "zookeeper"
  units    = ["zookeeper", "spot-watch"]
  programs = ["spot-watch"]
  settings = merge(local.settings, {
    ROLE      = "zookeeper"
    INDEX     = count.index + 1
    ADDRESS   = module.zookeeper_addresses.private_ips[count.index]
    HEAP_SIZE = var.cluster.zookeeper.heap_size
    BROKERS   = join(",", local.brokers)
    SETTINGS  = join("\n", [for key, value in var.cluster.zookeeper.settings : "${key}=${value}"])
  })
}

module "zookeeper" {
  source           = "../fleet"
  name             = var.lab.name
  role             = "zookeeper"
  addresses        = module.zookeeper_addresses.addresses
  user_data        = module.zookeeper_boot[*].text
  image_id         = module.image.id
  instance_type    = var.cluster.zookeeper.instance_type
  root_volume_size = var.cluster.zookeeper.root_volume_size

  security_group_ids = [module.security.id]
  instance_profile   = module.iam["zookeeper"].instance_profile
  ssh_key_name       = var.lab.ssh_key_name
  spot               = var.lab.spot
  spot_max_price     = var.lab.spot_max_price
  tags               = var.lab.tags
}
