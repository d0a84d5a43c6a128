# shellcheck shell=bash
expect 'Erlang' erl -noshell -eval 'halt(0).'
expect "RabbitMQ $CHECK_VERSION" any_file /opt/rabbitmq/plugins/rabbit-"$CHECK_VERSION"*
expect 'folder of logs' test -d /var/log/rabbitmq
