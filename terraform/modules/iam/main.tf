# The role of one kind of instance. Every statement says why it is there; nothing else is allowed.

locals {
  name = "${var.name}-${var.role}"

  statements = concat(
    [
      # The agent announces its instance and takes commands. These actions know no resources, hence the star. The managed
      # policy AmazonSSMManagedInstanceCore would also allow reading every parameter of the account.
      {
        Sid    = "TakeCommands"
        Effect = "Allow"
        Action = [
          "ssm:UpdateInstanceInformation",
          "ssmmessages:CreateControlChannel",
          "ssmmessages:CreateDataChannel",
          "ssmmessages:OpenControlChannel",
          "ssmmessages:OpenDataChannel",
          "ec2messages:AcknowledgeMessage",
          "ec2messages:DeleteMessage",
          "ec2messages:FailMessage",
          "ec2messages:GetEndpoint",
          "ec2messages:GetMessages",
          "ec2messages:SendReply",
        ]
        Resource = ["*"]
      },
      # Results, logs and outputs of commands leave by the bucket, below the role's own folder; nothing there can be
      # read or removed from an instance.
      {
        Sid      = "WriteResults"
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:AbortMultipartUpload"]
        Resource = ["${var.bucket_arn}/${var.role}/*", "${var.bucket_arn}/commands/*"]
      },
      # The agent asks where the bucket lies, and whether it is encrypted, before it uploads the output of a command.
      {
        Sid      = "SeeBucket"
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation", "s3:GetEncryptionConfiguration"]
        Resource = [var.bucket_arn]
      },
    ],
    # Secrets come at boot, each role its own and no others. Parameters are encrypted by the account's key for Systems
    # Manager, whose key policy already lets readers of a parameter decrypt it.
    [for arns in [var.parameter_arns] : {
      Sid      = "ReadOwnSecrets"
      Effect   = "Allow"
      Action   = ["ssm:GetParameter"]
      Resource = arns
    } if length(arns) > 0],
    # bench itself, packed, for instances that run it.
    [for arns in [var.readable_object_arns] : {
      Sid      = "ReadBench"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = arns
    } if length(arns) > 0],
  )
}

resource "aws_iam_role" "this" {
  name                 = local.name
  description          = "Instances of role ${var.role}"
  permissions_boundary = var.permissions_boundary

  # Only instances may take the role.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })

  tags = merge(var.tags, { Name = local.name, Role = var.role })
}

resource "aws_iam_role_policy" "this" {
  name   = local.name
  role   = aws_iam_role.this.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}

resource "aws_iam_instance_profile" "this" {
  name = local.name
  role = aws_iam_role.this.name

  tags = merge(var.tags, { Name = local.name, Role = var.role })
}
