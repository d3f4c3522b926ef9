"""Root on a lab host of an ordinary user gets nowhere outside it, either: the same tries as root's (test_escape)."""

import pytest

from tests.promises.test_escape import (  # noqa: F401
    came_of_it,
    kvmlab,
    test_a_lab_host_that_podman_forgot_is_ended,
    test_a_link_on_the_way_is_not_followed,
    test_its_root_is_nobody_outside,
    test_no_way_leads_out,
    test_output_without_end_is_not_taken,
    test_rubbish_below_run_hinders_nothing,
    test_what_stands_in_place_of_a_socket_is_not_followed,
)

pytestmark = pytest.mark.rootless
