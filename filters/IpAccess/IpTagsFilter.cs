using System.Text;
using FilterProxy.Filters.Networks;

namespace FilterProxy.Filters.IpAccess;

/// <summary>
/// Tells other filters, and the upstream, what lists of networks say about a client's address, such as its country, and lets requests pass or refuses
/// them by it.
/// </summary>
[Component("ip_tags")]
public sealed class IpTagsFilter : IRequestFilter
{
    private const string Namespace = "ip";
    private static readonly byte[] Body = "Forbidden (ip_tag_denied)\n"u8.ToArray();

    private readonly AddressTable<Tag?> _table;
    private readonly Tag? _otherwise;
    private readonly string _name;
    private readonly byte[] _header;
    private readonly bool _allowsUntagged;
    private readonly int _status;

    /// <summary>Reads the lists.</summary>
    /// <exception cref="ArgumentException">A line of a file is no network and its tag, or no list has a tag that is allowed or denied.</exception>
    public IpTagsFilter(IpTagsOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _name = options.Name;
        _header = Encoding.ASCII.GetBytes(options.Header ?? "");
        _status = options.Status;
        _allowsUntagged = options.Allow.Count == 0;
        var networks = options.Files.SelectMany(file => NetworkFile.ReadTagged(context.UseFile(file))).ToList();

        // One object for each tag: a request compares nothing and allocates nothing.
        var tags = networks.Select(network => network.Tag).Append(options.Otherwise).OfType<string>().Distinct(StringComparer.Ordinal)
            .ToDictionary(tag => tag, tag => new Tag(tag, !options.Deny.Contains(tag) && (options.Allow.Count == 0 || options.Allow.Contains(tag))));
        if (options.Allow.Concat(options.Deny).FirstOrDefault(tag => !tags.ContainsKey(tag)) is { } unknown)
        {
            throw new ArgumentException($"no network has the tag '{unknown}' that is allowed or denied: case counts");
        }

        _otherwise = options.Otherwise is null ? null : tags[options.Otherwise];
        _table = AddressTable<Tag?>.Create(networks.Select(network => (network.Network, (Tag?)tags[network.Tag])), _otherwise);
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        // A client of a unix socket has no address: it is in no network.
        var tag = exchange.Downstream.ClientAddress is { } address ? _table.Of(address) : _otherwise;
        if (tag is null ? !_allowsUntagged : !tag.Passes)
        {
            exchange.Reply(_status, "ip_tag_denied", Body, "text/plain; charset=utf-8");
            return new(FilterStatus.Stop);
        }

        if (_header.Length > 0)
        {
            exchange.Request.Headers.Remove(_header);
        }

        if (tag is not null)
        {
            exchange.Metadata[Namespace, _name] = tag.Name;
            if (_header.Length > 0)
            {
                exchange.Request.Headers.Append(_header, tag.Bytes);
            }
        }

        return new(FilterStatus.Continue);
    }

    private sealed class Tag(string name, bool passes)
    {
        public string Name => name;

        public byte[] Bytes { get; } = Encoding.ASCII.GetBytes(name);

        public bool Passes => passes;
    }
}
