using System.Globalization;
using System.Text;

namespace FilterProxy.Core.Clusters.Retries;

/// <summary>
/// The request field that tells an endpoint the number of the attempt: laid out for every number there can be, since each request carries it.
/// </summary>
internal sealed class AttemptField(string name)
{
    private readonly byte[] _name = Encoding.ASCII.GetBytes(name.ToLowerInvariant());
    private readonly PreparedFields[] _lines =
    [
        // One more: the last attempt may have another beside it.
        .. Enumerable.Range(1, RetryPolicy.MaxAttempts + 1).Select(number => PreparedFields.Build(
            (Name: name, Number: number.ToString(CultureInfo.InvariantCulture)), static (fields, field) => fields.Append(field.Name, field.Number))),
    ];

    /// <summary>Replaces what a client sent by that name.</summary>
    public void Set(HeaderMap headers, int attempt)
    {
        headers.Remove(_name);
        headers.Append(_lines[attempt - 1]);
    }
}
