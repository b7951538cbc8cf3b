using System.Text;

namespace FilterProxy.Core.Routing;

/// <summary>A header field is there, absent, or has a line with a certain value.</summary>
internal sealed class HeaderCondition(string name, ValueMatcher matcher) : RouteCondition
{
    private readonly byte[] _name = Encoding.ASCII.GetBytes(name);

    public override string Subject { get; } = $"header {name}";

    public override bool IsMet(RequestHead request, string listener)
    {
        if (matcher.Kind == ValueMatch.Absent)
        {
            return !request.Headers.Contains(_name);
        }

        foreach (var value in request.Headers.Values(_name))
        {
            if (matcher.Matches(value))
            {
                return true;
            }
        }

        return false;
    }
}
