using FilterProxy.Core.Downstream;

namespace FilterProxy.Host.Admin.Views;

/// <summary>A listener that runs.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Addresses">What it is bound to.</param>
/// <param name="Protocols">What is spoken.</param>
/// <param name="Tls">Whether TLS ends here.</param>
/// <param name="Filters">Its connection filters in order.</param>
/// <param name="Connections">Connections open now.</param>
/// <param name="Draining">Whether it takes no more.</param>
internal sealed record ListenerView(
    string Name, IReadOnlyList<string> Addresses, IReadOnlyList<string> Protocols, bool Tls, IReadOnlyList<string> Filters, int Connections, bool Draining)
{
    public static IReadOnlyList<ListenerView> All(ProxyControl control) => [.. control.Engine.Listeners.Select(listener => Of(listener, control))];

    private static ListenerView Of(Listener listener, ProxyControl control)
    {
        var plan = listener.Entry.Plan;
        var config = control.Config.Listeners.GetValueOrDefault(listener.Name);
        return new ListenerView(
            listener.Name,
            listener.Addresses,
            [.. new[] { (plan.SpeaksHttp1, "http1"), (plan.SpeaksHttp2, "http2") }.Where(p => p.Item1).Select(p => p.Item2)],
            plan.Tls is not null,
            [.. (config?.Filters ?? []).Where(filter => !filter.Off).Select(filter => filter.Key)],
            listener.Entry.OpenConnections,
            listener.Entry.IsDraining);
    }
}
