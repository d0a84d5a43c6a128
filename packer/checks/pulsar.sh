# shellcheck shell=bash
expect 'Java 17 or newer' java_17
expect "Pulsar $CHECK_VERSION" any_file /opt/pulsar/lib/*pulsar-broker-"$CHECK_VERSION".jar
expect 'folder of logs' test -d /var/log/pulsar
