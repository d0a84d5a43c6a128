# Goal: instances as asked for: addresses, disks, spot, IMDSv2, tags on all that comes along. Method: read on a mocked
# provider.
mock_provider "aws" {
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0" }
  }
  mock_resource "aws_instance" {
    defaults = { public_ip = "203.0.113.9" }
  }
}

variables {
  name               = "bench-exp-1"
  role               = "store"
  addresses          = [{ subnet_id = "subnet-a", private_ip = "10.0.1.20" }, { subnet_id = "subnet-b", private_ip = "10.0.2.20" }]
  user_data          = ["one", "two"]
  image_id           = "ami-1"
  instance_type      = "t3.small"
  security_group_ids = ["sg-1"]
  instance_profile   = "bench-exp-1-store"
  spot               = false
  tags               = { ExperimentID = "exp-1", team = "data" }
}

run "on_demand" {
  assert {
    condition     = [for instance in aws_instance.this : instance.private_ip] == ["10.0.1.20", "10.0.2.20"]
    error_message = "expected the addresses in order"
  }
  assert {
    condition     = alltrue([for instance in aws_instance.this : one(instance.metadata_options).http_tokens == "required"])
    error_message = "expected IMDSv2 only"
  }
  assert {
    condition = alltrue([
      for instance in aws_instance.this :
      one(instance.root_block_device).encrypted && one(instance.root_block_device).volume_type == "gp3" && one(instance.root_block_device).delete_on_termination
    ])
    error_message = "expected an encrypted gp3 disk that goes with its instance"
  }
  assert {
    condition     = aws_instance.this[1].tags == tomap({ ExperimentID = "exp-1", team = "data", Role = "store", Name = "bench-exp-1-store-2" })
    error_message = "expected tags"
  }
  assert {
    condition     = aws_instance.this[0].root_block_device[0].tags.ExperimentID == "exp-1"
    error_message = "expected tags on the disk"
  }
  assert {
    condition     = [for spec in aws_launch_template.this.tag_specifications : spec.resource_type] == ["instance", "volume", "network-interface"]
    error_message = "expected no tags for spot requests where there are none"
  }
  assert {
    condition     = alltrue([for spec in aws_launch_template.this.tag_specifications : spec.tags.ExperimentID == "exp-1" && spec.tags.Role == "store"])
    error_message = "expected the experiment's tags on all that an instance brings along"
  }
  assert {
    condition     = output.instances[0].name == "store-1" && output.instances[0].public_ip == "203.0.113.9"
    error_message = "expected what commands need to find the instance"
  }
}

run "spot_with_a_price" {
  variables {
    spot           = true
    spot_max_price = "0.05"
  }
  assert {
    condition = alltrue([
      for instance in aws_instance.this :
      one(instance.instance_market_options).market_type == "spot" &&
      one(one(instance.instance_market_options).spot_options).max_price == "0.05" &&
      one(one(instance.instance_market_options).spot_options).instance_interruption_behavior == "terminate"
    ])
    error_message = "expected one-time spot instances at that price"
  }
  assert {
    condition     = contains([for spec in aws_launch_template.this.tag_specifications : spec.resource_type], "spot-instances-request")
    error_message = "expected tags on the spot requests"
  }
}

run "data_volume" {
  variables {
    data_volume = { size = 100, iops = 4000, throughput = 250 }
  }
  assert {
    condition = alltrue([
      for instance in aws_instance.this : alltrue([
        for disk in instance.ebs_block_device :
        disk.encrypted && disk.volume_type == "gp3" && disk.volume_size == 100 && disk.iops == 4000 && disk.delete_on_termination && disk.tags.Role == "store"
      ]) && length(instance.ebs_block_device) == 1
    ])
    error_message = "expected one encrypted, tagged data disk each"
  }
}

run "a_disk_of_the_past" {
  command = plan
  variables {
    data_volume = { size = 100, type = "gp2" }
  }
  expect_failures = [var.data_volume]
}

run "a_boot_text_missing" {
  command = plan
  variables {
    user_data = ["one"]
  }
  # The second instance has no text: said in a sentence, not as an index out of range.
  expect_failures = [aws_instance.this]
}
