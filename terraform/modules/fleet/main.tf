# Instances of one role: as many as there are addresses, each with its own boot text.

locals {
  tags = merge(var.tags, { Role = var.role })
  # Spot requests exist only where spot is asked for, and EC2 refuses tags for what a launch does not make.
  tagged = concat(["instance", "volume", "network-interface"], var.spot ? ["spot-instances-request"] : [])
}

# Only for its tags: default_tags of the provider reach neither network interfaces nor spot requests, and reach volumes
# late, when a crash in between would leave them without a name to be found by.
resource "aws_launch_template" "this" {
  name        = "${var.name}-${var.role}"
  description = "Tags of what instances of role ${var.role} bring along"

  dynamic "tag_specifications" {
    for_each = local.tagged
    content {
      resource_type = tag_specifications.value
      tags          = merge(local.tags, { Name = "${var.name}-${var.role}" })
    }
  }

  tags = merge(local.tags, { Name = "${var.name}-${var.role}" })
}

resource "aws_instance" "this" {
  count = length(var.addresses)

  ami                         = var.image_id
  instance_type               = var.instance_type
  subnet_id                   = var.addresses[count.index].subnet_id
  private_ip                  = var.addresses[count.index].private_ip
  associate_public_ip_address = true
  vpc_security_group_ids      = var.security_group_ids
  iam_instance_profile        = var.instance_profile
  key_name                    = var.ssh_key_name
  user_data                   = var.user_data[count.index]
  user_data_replace_on_change = true

  launch_template {
    id      = aws_launch_template.this.id
    version = "$Latest"
  }

  # IMDSv2 only; one hop keeps it from anything that forwards packets.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type           = "gp3"
    volume_size           = var.root_volume_size
    encrypted             = true
    delete_on_termination = true
    tags                  = merge(local.tags, { Name = "${var.name}-${var.role}-${count.index + 1}" })
  }

  dynamic "ebs_block_device" {
    for_each = var.data_volume == null ? [] : [var.data_volume]
    content {
      device_name           = "/dev/sdf"
      volume_type           = ebs_block_device.value.type
      volume_size           = ebs_block_device.value.size
      iops                  = ebs_block_device.value.iops
      throughput            = ebs_block_device.value.throughput
      encrypted             = true
      delete_on_termination = true
      tags                  = merge(local.tags, { Name = "${var.name}-${var.role}-${count.index + 1}-data" })
    }
  }

  dynamic "instance_market_options" {
    for_each = var.spot ? [var.spot_max_price] : []
    content {
      market_type = "spot"
      spot_options {
        # A benchmark that was interrupted is over: nothing comes back by itself.
        instance_interruption_behavior = "terminate"
        spot_instance_type             = "one-time"
        max_price                      = instance_market_options.value
      }
    }
  }

  tags = merge(local.tags, { Name = "${var.name}-${var.role}-${count.index + 1}" })

  lifecycle {
    precondition {
      condition     = length(var.user_data) == length(var.addresses)
      error_message = "Role ${var.role}: expected a boot text for each of ${length(var.addresses)} addresses, got ${length(var.user_data)}."
    }
    # A new version of the template is new tags (a longer life, say): no reason to replace a running node.
    ignore_changes = [launch_template]
  }
}
