output "instances" {
  description = "The load generators."
  value       = module.nodes.instances
}
