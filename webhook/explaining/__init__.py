"""Why a workload is rendered as it is: the decisions of a request, read afterwards. Pure; commands enter here.

Nothing is decided here. An object is rendered by the code of requests, and what that decided is put into one value, from which
text and JSON are printed.

::

    explain       an object to its explanation
    answers       what becomes of an object: rendered as a whole, pod by pod, or left alone?
    decisions     container, GPU type, runtime template, agent entries, variables: each with its reason
    written       where the configuration says what a rendering has
    own           where the workload's own file says it
    keypaths      keys and positions, and the key paths by which messages write them
    next_steps    which command or edit would change the outcome?
    remedies      what to do about a denial?
    unread        labels and annotations that say nothing where they are
    explanation   the values, whose names are those of the JSON
    outline       an explanation as text
    schema        the JSON schema of explanations
"""

from webhook.explaining.explain import explain
from webhook.explaining.explanation import Explanation
from webhook.explaining.outline import Branch, outline
from webhook.explaining.schema import schema

__all__ = ["Branch", "Explanation", "explain", "outline", "schema"]
