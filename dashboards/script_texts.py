"""The texts that the scripts show, in the active language."""

from django.utils.translation import gettext as _


def javascript_texts() -> dict[str, str]:
    """By the key under which the scripts ask for them."""
    return {
        "as_of": _("as of {time}"),
        "behind": _("{seconds} s behind"),
        "no_answer": _("no answer"),
        "unreachable": _("The server has not answered since {time}. Trying again…"),
        "odd": _(
            "Since {time} something else has answered in the server’s place, perhaps a proxy or "
            "the log-in page of a network. Trying again…"
        ),
        "signed_out": _("Your session has ended. Log in again to keep this report moving."),
        "signed_out_editing": _(
            "Your session has ended. Log in again in another tab, then save here: "
            "your changes are kept."
        ),
        "other_user": _("This browser is logged in as somebody else now."),
        "other_user_editing": _(
            "This browser is logged in as somebody else now. Log in as yourself in another tab, "
            "then save here: your changes are kept."
        ),
        "gone": _("This tab is no longer available."),
        "past": _("This span is no longer within the last 24 hours."),
        "no_report": _("This report is no longer available."),
        "outdated": _("There is a new version of this page."),
        "log_in": _("Log in"),
        "first_tab": _("Go to the report’s first tab"),
        "campaigns": _("Go to the campaigns"),
        "whole_window": _("Leave the span"),
        "reload": _("Reload"),
        "time_zone": _("Times in {zone}"),
        "running": _("so far, drawn at this pace"),
        "span_order": _("The end must be after the beginning."),
    }


def editor_texts() -> dict[str, str]:
    """What the editor says, by the key under which its script asks."""
    return {
        "handle": _("Move {title}"),
        "remove": _("Remove {title}"),
        "started": _("You are changing this tab. The numbers stay live."),
        "moved": _("{title}: column {x}, row {y}."),
        "resized": _("{title}: {w} columns wide, {h} rows high."),
        "removed": _("{title} removed."),
        "added": _("{title} added."),
        "pictured": _("{title} shown as {picture}."),
        "widget_reset": _("{title} as it was at first."),
        "reset": _("The whole tab as it was at first. Save to keep it so."),
        "undone": _("Undone."),
        "redone": _("Done again."),
        "cancelled": _("Nothing was changed."),
        "saved": _("Saved."),
        "saved_everyone": _("Saved for everyone who has no arrangement of their own."),
        "undo": _("Undo"),
        "taken_back": _("Everyone sees the tab as it was before."),
        "changed_elsewhere": _("This tab was saved in another window. Saving here replaces that."),
        "replaced": _("Saved. This replaced what another window saved at {time}."),
        "restore": _("Take that one instead"),
        "saving": _("Saving…"),
        "not_saved": _("Not saved: {reason}"),
        "not_shown": _("Not shown: {reason}"),
        "unreachable": _("the server does not answer"),
        "odd": _("something else has answered in the server’s place"),
        "signed_out": _("your session has ended. Log in again in another tab, then save."),
        "other_user": _(
            "this browser is logged in as somebody else now. "
            "Log in as yourself in another tab, then save."
        ),
        "gone": _("this tab is no longer available"),
        "past": _("this span is no longer within the last 24 hours"),
        "no_report": _("this report is no longer available"),
        "outdated": _("there is a new version of this page. Save, then reload."),
        "on_page": _("On the page"),
        "add": _("Add"),
        "edge": _("{title} cannot go further."),
    }
