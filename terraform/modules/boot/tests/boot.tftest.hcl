# Goal: what an instance runs is its settings, safely quoted, and the scripts as they lie in the folder. Method: a role
# is rendered and read.
variables {
  role     = "zookeeper"
  settings = { ROLE = "zookeeper", NOTE = "it's $HOME `x` \"y\"" }
  units    = ["zookeeper"]
}

run "rendered" {
  command = plan
  assert {
    condition     = startswith(output.text, "#!/bin/bash\n")
    error_message = "expected a script that cloud-init runs"
  }
  assert {
    condition     = strcontains(output.text, "export BENCH_NOTE='it'\\''s $HOME `x` \"y\"'\n")
    error_message = "expected a value that the shell takes literally"
  }
  assert {
    condition     = strcontains(output.text, file("../../user-data/lib.sh")) && strcontains(output.text, file("../../user-data/zookeeper.sh"))
    error_message = "expected the scripts unchanged"
  }
  assert {
    condition     = strcontains(output.text, file("../../user-data/systemd/zookeeper.service"))
    error_message = "expected the unit"
  }
}

run "a_name_that_is_no_variable" {
  command = plan
  variables {
    settings = { "heap-size" = "1G" }
  }
  expect_failures = [var.settings]
}

run "too_long_for_ec2" {
  command = plan
  variables {
    settings = { PADDING = format("%16384s", "x") }
  }
  expect_failures = [output.text]
}
