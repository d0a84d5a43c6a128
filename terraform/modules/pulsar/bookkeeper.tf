module "bookkeeper_addresses" {
  source     = "../addresses"
  subnets    = var.lab.subnets
  first_host = var.first_host + 20
  size       = var.cluster.bookkeeper.count
}

module "bookkeeper_boot" {
  source = "../boot"
  count  = var.cluster.bookkeeper.count

  role     = "bookkeeper"
  units    = ["bookkeeper", "spot-watch"]
  programs = ["spot-watch"]
  settings = merge(local.settings, {
    ROLE               = "bookkeeper"
    INDEX              = count.index + 1
    ADDRESS            = module.bookkeeper_addresses.private_ips[count.index]
    HEAP_SIZE          = var.cluster.bookkeeper.heap_size
    DIRECT_MEMORY_SIZE = var.cluster.bookkeeper.direct_memory_size
    SETTINGS           = join("\n", [for key, value in var.cluster.bookkeeper.settings : "${key}=${value}"])
  })
}

module "bookkeeper" {
  source             = "../fleet"
  name               = var.lab.name
  role               = "bookkeeper"
  addresses          = module.bookkeeper_addresses.addresses
  user_data          = module.bookkeeper_boot[*].text
  image_id           = module.image.id
  instance_type      = var.cluster.bookkeeper.instance_type
  root_volume_size   = var.cluster.bookkeeper.root_volume_size
  data_volume        = var.cluster.bookkeeper.data_volume
  security_group_ids = [module.security.id]
  instance_profile   = module.iam["bookkeeper"].instance_profile
  ssh_key_name       = var.lab.ssh_key_name
  spot               = var.lab.spot
  spot_max_price     = var.lab.spot_max_price
  tags               = var.lab.tags
}
