import pytest

from tests.helm.chart import find_helm


@pytest.fixture(scope="session", autouse=True)
def _helm() -> None:
    try:
        find_helm()
    except LookupError as err:
        pytest.fail(str(err), pytrace=False)
