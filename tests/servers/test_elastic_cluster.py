"""The cluster as the tests have it."""

import pytest


@pytest.mark.slow
def test_a_killed_node_is_missed_by_nobody_and_comes_back(elasticsearch_cluster):
    server = elasticsearch_cluster.server
    with server.prefix() as name:
        server.ask("PUT", f"/{name}", {"settings": {"number_of_shards": 3, "number_of_replicas": 1}})
        server.ask("GET", f"/_cluster/health/{name}?wait_for_status=green&timeout=60s")
        for number in range(9):
            server.ask("PUT", f"/{name}/_doc/{number}", {"number": number})
        server.ask("POST", f"/{name}/_refresh")

        elasticsearch_cluster.kill(2)

        server.ask("GET", f"/_cluster/health/{name}?wait_for_nodes=2&wait_for_status=yellow&timeout=60s")
        assert server.ask("GET", f"/{name}/_count")["count"] == 9
        elasticsearch_cluster.start(2)
        elasticsearch_cluster.wait()
        assert server.ask("GET", f"/_cluster/health/{name}?wait_for_status=green&timeout=60s")["status"] == "green"
