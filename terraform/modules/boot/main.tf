# The text that an instance runs at its first boot: its settings, the shared functions, its units, its role's script. The
# scripts are taken as they are, so what shellcheck reads is what runs. No resources here, and no secrets: settings name
# the parameters that hold them.

locals {
  folder = "${path.module}/../../user-data"

  # In single quotes nothing is special but the quote itself.
  settings = join("\n", [
    for name, value in var.settings : "export BENCH_${name}='${replace(value, "'", "'\\''")}'"
  ])

  units = join("\n", [
    for unit in var.units :
    "bench_install_unit ${unit} <<'END_OF_UNIT'\n${file("${local.folder}/systemd/${unit}.service")}END_OF_UNIT"
  ])

  programs = join("\n", [
    for program in var.programs :
    "bench_install_program ${program} <<'END_OF_PROGRAM'\n${file("${local.folder}/${program}")}END_OF_PROGRAM"
  ])

  text = join("\n", [
    "#!/bin/bash",
    "# Made by Terraform from terraform/user-data; runs once, as root, at the first boot.",
    local.settings,
    file("${local.folder}/lib.sh"),
    "bench_begin",
    local.units,
    local.programs,
    file("${local.folder}/${var.role}.sh"),
    "",
  ])
}

output "text" {
  description = "The user data."
  value       = local.text

  precondition {
    # In base64, whose length is that of the bytes, as EC2 counts them.
    condition     = length(base64encode(local.text)) <= 21848
    error_message = "User data of role ${var.role}: expected at most 16384 bytes (EC2's limit), got ${floor(length(base64encode(local.text)) * 3 / 4)}. Shorten the settings."
  }
}
