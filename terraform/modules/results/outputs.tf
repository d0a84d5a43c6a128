output "bucket" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.this.bucket
}

output "bucket_arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn
}

output "bench" {
  description = "Where instances bring bench from, or null: its address, its SHA-256, and the ARN they may read."
  value = var.bench_archive == null ? null : {
    uri    = "s3://${aws_s3_bucket.this.bucket}/${aws_s3_object.bench[0].key}"
    sha256 = filesha256(var.bench_archive)
    arn    = "${aws_s3_bucket.this.arn}/${aws_s3_object.bench[0].key}"
  }
}
