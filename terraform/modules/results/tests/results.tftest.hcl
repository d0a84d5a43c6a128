# Goal: the bucket is closed, encrypted, tagged and goes with the experiment. Method: read on a mocked provider.
mock_provider "aws" {}

variables {
  name = "bench-exp-20261121-101500-with-a-long-name"
  tags = { ExperimentID = "exp-1" }
}

run "closed_and_encrypted" {
  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "expected no public access of any kind"
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "expected encryption"
  }
  assert {
    condition     = aws_s3_bucket.this.force_destroy && aws_s3_bucket.this.tags.ExperimentID == "exp-1"
    error_message = "expected it to go with the experiment"
  }
  assert {
    condition     = length(aws_s3_bucket.this.bucket_prefix) <= 37
    error_message = "expected a prefix that S3 takes"
  }
  assert {
    condition     = output.bench == null && length(aws_s3_object.bench) == 0
    error_message = "expected no bench without an archive"
  }
}

run "with_bench" {
  variables {
    # Any file will do: only its name and sum matter here.
    bench_archive = "./main.tf"
  }
  assert {
    condition     = output.bench.sha256 == filesha256("./main.tf")
    error_message = "expected the sum of the archive"
  }
  assert {
    condition     = endswith(output.bench.uri, "/bench/bench.tar.gz")
    error_message = "expected an address in the bucket"
  }
}

run "an_archive_that_is_not_there" {
  command = plan
  variables {
    bench_archive = "./no-such.tar.gz"
  }
  expect_failures = [var.bench_archive]
}
