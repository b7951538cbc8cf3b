namespace FilterProxy.Filters.Waf.Engine;

/// <summary>What follows from a chain that matched: what is logged, and what is decided.</summary>
internal sealed partial class Transaction
{
    private void OnMatched(Rule starter)
    {
        if (starter.Severity >= 0 && starter.Severity < HighestSeverity)
        {
            HighestSeverity = starter.Severity;
        }

        var message = "";
        if (starter.Logs || starter.AuditLogs || starter.Disruption > Disruption.Pass)
        {
            message = Note(starter);
        }

        IsRelevant |= starter.AuditLogs;
        if (starter.Disruption == Disruption.Pass)
        {
            return;
        }

        if (starter.Disruption >= Disruption.Allow)
        {
            _allowed = Mode == EngineMode.On ? starter.Disruption : _allowed;
            return;
        }

        var isRedirect = starter.Disruption == Disruption.Redirect;
        var interception = new Interception(
            starter,
            starter.Disruption,
            isRedirect && starter.Status is < 300 or > 399 ? 302 : starter.Status,
            starter.Location?.Expand(this) ?? "",
            message);
        WouldIntercept ??= interception;
        if (Mode == EngineMode.On)
        {
            Interception ??= interception;
        }
    }

    private string Note(Rule starter)
    {
        // The last rule of a chain is the one that speaks, where the first has left it to it.
        var last = starter;
        while (last.Next is not null)
        {
            last = last.Next;
        }

        var message = (starter.Message ?? last.Message)?.Expand(this) ?? "";
        if (!starter.Logs && !starter.AuditLogs)
        {
            return message;
        }

        var data = (starter.LogData ?? last.LogData)?.Expand(this) ?? "";
        var tags = starter.Tags.Select(tag => tag.Expand(this)).ToArray();
        if (_chainMatches.Count == 0)
        {
            Matches.Add(new RuleMatch(starter, last, "", "", message, data, tags));
        }

        foreach (var (variable, text) in _chainMatches)
        {
            if (Matches.Count < MaxMatches)
            {
                Matches.Add(new RuleMatch(starter, last, variable, text, message, data, tags));
            }
        }

        return message;
    }
}
