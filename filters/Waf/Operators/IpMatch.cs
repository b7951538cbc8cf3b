namespace FilterProxy.Filters.Waf.Operators;

/// <summary>Whether a value is an address in one of several networks.</summary>
internal sealed class IpMatch : Operator
{
    private readonly NetworkMap<bool> _networks = new();

    /// <exception cref="FormatException">One is none.</exception>
    public IpMatch(IEnumerable<string> networks)
    {
        foreach (var network in networks.Select(network => network.Trim()).Where(network => network.Length > 0))
        {
            _networks.Add(network, true);
        }
    }

    public override bool Matches(string text, OperatorRun run) => _networks.TryFind(text, out _);
}
