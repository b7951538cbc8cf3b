using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;

namespace FilterProxy.Core.Routing;

/// <summary>
/// A query parameter is there, absent, or has a certain value. Names and values are compared decoded: escapes are resolved
/// and <c>+</c> is a space, so <c>%61=b</c> is the parameter <c>a</c>. A parameter without <c>=</c> has an empty value.
/// </summary>
internal sealed class QueryCondition(string name, ValueMatcher matcher) : RouteCondition
{
    private const int OnStack = 512;

    private readonly byte[] _name = Encoding.UTF8.GetBytes(name);

    public override string Subject { get; } = $"query {name}";

    [SkipLocalsInit]
    public override bool IsMet(RequestHead request, string listener)
    {
        var query = request.Query;
        var rented = query.Length > OnStack ? ArrayPool<byte>.Shared.Rent(query.Length) : null;
        var met = IsMet(query, rented is null ? stackalloc byte[OnStack] : rented);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return met;
    }

    private bool IsMet(ReadOnlySpan<byte> query, Span<byte> scratch)
    {
        var isPresent = false;
        while (!query.IsEmpty)
        {
            var ampersand = query.IndexOf((byte)'&');
            var pair = ampersand < 0 ? query : query[..ampersand];
            query = ampersand < 0 ? default : query[(ampersand + 1)..];
            var equals = pair.IndexOf((byte)'=');
            var name = equals < 0 ? pair : pair[..equals];
            if (pair.IsEmpty || !scratch[..PercentEncoding.DecodeQuery(name, scratch)].SequenceEqual(_name))
            {
                continue;
            }

            isPresent = true;
            var value = equals < 0 ? default : pair[(equals + 1)..];
            if (matcher.Matches(scratch[..PercentEncoding.DecodeQuery(value, scratch)]))
            {
                return true;
            }
        }

        return matcher.Kind == ValueMatch.Absent && !isPresent;
    }
}
