#!/bin/sh
# Posts each line that is read to a hook, and answers as rsyslog's omprog waits for it (confirmMessages="on"): OK when the
# line is accepted, the fault when it has to be given once more.
#
#   post-lines.sh URL HEADERS    HEADERS is a file with the line `Authorization: Bearer <token>`
url=$1 headers=$2
case $url in
  */suricata) type=application/json ;;
  *) type=text/plain ;;
esac
echo OK
while IFS= read -r line; do
  if said=$(printf '%s' "$line" | curl --fail --silent --show-error --max-time 10 --output /dev/null \
    --header "@$headers" --header "Content-Type: $type" --data-binary @- "$url" 2>&1); then
    echo OK
  else
    echo "not accepted: $said" | tr '\n' ' '
    echo
  fi
done
