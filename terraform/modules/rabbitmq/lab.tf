variable "lab" {
  description = "What all parts of an experiment share; see terraform/aws/main.tf."
  type = object({
    name                 = string
    project              = string
    experiment_id        = string
    region               = string
    architecture         = string
    vpc_id               = string
    subnets              = list(object({ id = string, cidr = string, zone = string }))
    bucket               = string
    bucket_arn           = string
    bench                = object({ uri = string, sha256 = string, arn = string })
    client_group_id      = string
    ssh_key_name         = string
    ssh_cidr_blocks      = list(string)
    spot                 = bool
    spot_max_price       = string
    permissions_boundary = string
    tags                 = map(string)
  })
}
