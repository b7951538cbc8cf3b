using System.Text;

namespace FilterProxy.Core.Routing;

/// <summary>The method is one of these. Case matters (RFC 9110 §9.1), and GET does not imply HEAD.</summary>
internal sealed class MethodCondition : RouteCondition
{
    private readonly int _kinds;
    private readonly byte[][] _others;

    public MethodCondition(IReadOnlyList<string> methods)
    {
        var others = new List<byte[]>();
        foreach (var method in methods)
        {
            var bytes = Encoding.ASCII.GetBytes(method);
            var kind = RequestTarget.ClassifyMethod(bytes);
            if (kind == HttpMethodKind.Other)
            {
                others.Add(bytes);
            }
            else
            {
                _kinds |= 1 << (int)kind;
            }
        }

        _others = [.. others];
    }

    public override string Subject => "method";

    public override bool IsMet(RequestHead request, string listener)
    {
        if (request.MethodKind != HttpMethodKind.Other)
        {
            return (_kinds & (1 << (int)request.MethodKind)) != 0;
        }

        foreach (var other in _others)
        {
            if (request.Method.SequenceEqual(other))
            {
                return true;
            }
        }

        return false;
    }
}
