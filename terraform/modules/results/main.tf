# The bucket by which results, logs and long outputs of commands leave the instances, and by which bench comes to them.

resource "aws_s3_bucket" "this" {
  # A name is the whole world's: AWS adds what makes it unique.
  bucket_prefix = "${substr(var.name, 0, 36)}-"
  # The experiment's end takes it along; what matters has been collected by then.
  force_destroy = true

  tags = merge(var.tags, { Name = var.name, Role = "results" })
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket = aws_s3_bucket.this.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

# bench as this checkout has it, packed by whoever applies; without one, images must hold it.
resource "aws_s3_object" "bench" {
  count = var.bench_archive == null ? 0 : 1

  bucket      = aws_s3_bucket.this.id
  key         = "bench/bench.tar.gz"
  source      = var.bench_archive
  source_hash = filesha256(var.bench_archive)

  tags = merge(var.tags, { Role = "results" })
}
