# Goal: fixed addresses, spread over the subnets in turn, never twice the same. Method: values worked out by hand.
variables {
  subnets    = [{ id = "subnet-a", cidr = "10.0.1.0/24", zone = "a" }, { id = "subnet-b", cidr = "10.0.2.0/24", zone = "b" }]
  first_host = 20
  size       = 5
}

run "in_turn" {
  assert {
    condition     = output.private_ips == ["10.0.1.20", "10.0.2.20", "10.0.1.21", "10.0.2.21", "10.0.1.22"]
    error_message = "got ${join(" ", output.private_ips)}"
  }
  assert {
    condition     = [for address in output.addresses : address.subnet_id] == ["subnet-a", "subnet-b", "subnet-a", "subnet-b", "subnet-a"]
    error_message = "expected each address in its own subnet"
  }
}

run "none" {
  variables {
    size = 0
  }
  assert {
    condition     = length(output.addresses) == 0
    error_message = "expected no address"
  }
}

run "an_address_of_aws" {
  command = plan
  variables {
    first_host = 1
  }
  expect_failures = [var.first_host]
}
