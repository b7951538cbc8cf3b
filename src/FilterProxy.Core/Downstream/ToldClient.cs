using FilterProxy.Core.Pipeline;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Downstream;

/// <summary>A connection whose client a filter will tell: it is counted for that client then, and for nobody before.</summary>
internal sealed class ToldClient(IConnectionFilter filter, ListenerRules rules)
{
    /// <summary>Who will tell.</summary>
    public IConnectionFilter Filter { get; } = filter;

    /// <summary>The limits it was accepted under.</summary>
    public ListenerRules Rules { get; } = rules;

    /// <summary>Whom it is counted for; null for nobody.</summary>
    public ClientKey? Client { get; set; }

    /// <summary>Leaves one in the connection's features where a filter of the plan says so; null where none does.</summary>
    public static ToldClient? Of(ConnectionContext connection, ListenerPlan plan, ListenerRules rules)
    {
        foreach (var filter in plan.Filters)
        {
            if (filter.TellsClient(connection))
            {
                var told = new ToldClient(filter, rules);
                connection.Features.Set(told);
                return told;
            }
        }

        return null;
    }
}
