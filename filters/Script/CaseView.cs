namespace FilterProxy.Filters.Script;

/// <summary>The request of a case as scripts see it.</summary>
internal sealed class CaseView(CaseRequest request) : IScriptRequest
{
    private readonly Dictionary<string, string> _metadata = new(request.Metadata);
    private readonly int _question = request.Path.IndexOf('?', StringComparison.Ordinal);

    public string Method => request.Method;

    public string Scheme => request.Scheme;

    public string Host => request.Host;

    public string Path => _question < 0 ? request.Path : request.Path[.._question];

    public string Query => _question < 0 ? "" : request.Path[(_question + 1)..];

    public string ClientIp => request.ClientIp;

    public string? Route => request.Route;

    public bool IsAuthenticated => request.User is not null || request.Claims.Count > 0;

    public string? UserName => request.User;

    public string? Header(string name) => request.Headers.FirstOrDefault(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    public string? Cookie(string name) => request.Cookies.GetValueOrDefault(name);

    public string? Parameter(string name)
    {
        foreach (var pair in Query.Split('&'))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if ((equals < 0 ? pair : pair[..equals]) == name)
            {
                return Uri.UnescapeDataString((equals < 0 ? "" : pair[(equals + 1)..]).Replace('+', ' '));
            }
        }

        return null;
    }

    public string? Claim(string type) => request.Claims.GetValueOrDefault(type);

    public string? GetMetadata(string ns, string key) => _metadata.GetValueOrDefault($"{ns}/{key}");

    public void SetMetadata(string ns, string key, string? value)
    {
        if (value is null)
        {
            _metadata.Remove($"{ns}/{key}");
        }
        else
        {
            _metadata[$"{ns}/{key}"] = value;
        }
    }
}
