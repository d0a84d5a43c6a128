# Goal: instances may do what they need and no more. Method: the policy is read as JSON on a mocked provider.
mock_provider "aws" {}

variables {
  name       = "bench-exp-1"
  role       = "store"
  bucket_arn = "arn:aws:s3:::results"
  tags       = { ExperimentID = "exp-1" }
}

run "without_secrets" {
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid] == ["TakeCommands", "WriteResults", "SeeBucket"]
    error_message = "expected these statements only"
  }
  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.this.policy).Statement :
      statement.Sid == "TakeCommands" || !contains(statement.Resource, "*")
    ])
    error_message = "expected named resources wherever the action knows them"
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.this.policy, ":*\"")
    error_message = "expected no wildcard in an action"
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.this.policy, "s3:GetObject") && !strcontains(aws_iam_role_policy.this.policy, "ssm:GetParameter")
    error_message = "expected no reading"
  }
  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Principal == { Service = "ec2.amazonaws.com" }
    error_message = "expected only instances to take the role"
  }
  assert {
    condition     = aws_iam_role.this.tags.ExperimentID == "exp-1" && aws_iam_instance_profile.this.tags.Role == "store"
    error_message = "expected tags"
  }
}

run "own_secrets_and_bench" {
  variables {
    parameter_arns       = ["arn:aws:ssm:eu-west-1:123456789012:parameter/bench/exp-1/store/password"]
    readable_object_arns = ["arn:aws:s3:::results/bench/bench.tar.gz"]
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Resource if statement.Sid == "ReadOwnSecrets"
    ]) == ["arn:aws:ssm:eu-west-1:123456789012:parameter/bench/exp-1/store/password"]
    error_message = "expected exactly the parameters that were named"
  }
  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Resource if statement.Sid == "ReadBench"
    ]) == ["arn:aws:s3:::results/bench/bench.tar.gz"]
    error_message = "expected exactly the object that was named"
  }
}

run "a_role_that_iam_refuses" {
  command = plan
  variables {
    role = "Store_1"
  }
  expect_failures = [var.role]
}
