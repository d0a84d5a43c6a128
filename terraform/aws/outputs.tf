# What bench reads after an apply. No secrets: they are in Systems Manager, for the instances alone.

output "experiment_id" {
  description = "Id of the experiment."
  value       = var.experiment_id
}

output "region" {
  description = "Region of everything."
  value       = var.region
}

output "bucket" {
  description = "Bucket of results, logs and long outputs of commands."
  value       = module.results.bucket
}

output "instances" {
  description = "All instances: id, role, name, addresses."
  value       = concat(flatten(local.systems[*].instances), module.client.instances)
}

output "drivers" {
  description = "What was added to the load generators' driver files, which names the systems' addresses."
  value       = flatten(local.systems[*].drivers)
}

output "tags" {
  description = "Tags of everything, for looking for it."
  value       = local.tags
}
