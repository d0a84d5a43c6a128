output "instance_profile" {
  description = "Name of the instance profile."
  value       = aws_iam_instance_profile.this.name
  # Without its policy an agent would give up announcing itself.
  depends_on = [aws_iam_role_policy.this]
}
