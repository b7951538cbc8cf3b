using System.Buffers;
using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.XPath;
using FilterProxy.Filters.Waf.Bodies;
using FilterProxy.Filters.Waf.Collections;
using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Transformations;

namespace FilterProxy.Filters.Waf.Engine;

/// <summary>What a transaction is told of the request and the response.</summary>
internal sealed partial class Transaction
{
    private Dictionary<string, List<Value>>? _xpaths;

    public long RequestBodyLength { get; private set; }

    /// <summary>About how much memory the bodies take that rules looked at.</summary>
    public long BodyBytes => 2 * (RequestBodyLength + First(Variable.ResponseBody, null).Length);

    /// <summary>Whether the request's body, its files left out, is larger than <c>SecRequestBodyNoFilesLimit</c>.</summary>
    public bool IsTooLargeWithoutFiles { get; private set; }

    /// <summary>The request's body as a document; null where it is none.</summary>
    public XPathNavigator? Document { get; set; }

    public void SetRequestLine(string method, string target, string protocol)
    {
        Set(Variable.RequestMethod, method);
        Set(Variable.RequestProtocol, protocol);
        Set(Variable.RequestLine, protocol.Length == 0 ? $"{method} {target}" : $"{method} {target} {protocol}");
        Set(Variable.RequestUriRaw, target);
        var uri = WithoutAuthority(target);
        var fragment = uri.IndexOf('#', StringComparison.Ordinal);
        Set(Variable.RequestUri, uri);
        uri = fragment < 0 ? uri : uri[..fragment];
        var query = uri.IndexOf('?', StringComparison.Ordinal);
        Set(Variable.RequestFilename, WithoutEncoding(query < 0 ? uri : uri[..query]));
        if (query >= 0)
        {
            Set(Variable.QueryString, uri[(query + 1)..]);
            AddArguments(uri.AsSpan(query + 1), Variable.ArgsGet);
        }
    }

    public void AddRequestHeader(string name, string value)
    {
        Add(Variable.RequestHeaders, new Value(name, value));
        if (name.Equals("Cookie", StringComparison.OrdinalIgnoreCase))
        {
            CookieReader.Read(value, this);
        }
        else if (name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
        {
            BodyProcessor = BodyReader.ProcessorOf(value) ?? BodyProcessor;
        }
    }

    /// <summary>Reads the body with the processor headers and rules have chosen.</summary>
    public void SetRequestBody(ReadOnlySequence<byte> body)
    {
        RequestBodyLength = body.Length;
        BodyReader.Read(body, this);
        ResetDerived();
    }

    public void CountWithoutFiles(long bytes)
    {
        IsTooLargeWithoutFiles = bytes > Settings.RequestBodyNoFilesLimit;
        if (IsTooLargeWithoutFiles)
        {
            SetFlag(Variable.InboundDataError);
        }
    }

    /// <param name="text">Parameters as a query has them.</param>
    /// <param name="variable">The part of ARGS they belong to.</param>
    public void AddArguments(ReadOnlySpan<char> text, Variable variable)
    {
        if (!ArgumentReader.Read(text, Settings.ArgumentSeparator, variable, this))
        {
            SetFlag(Variable.UrlencodedError);
        }
    }

    /// <summary>False when there are more than are read.</summary>
    public bool AddArgument(Variable variable, string name, string text)
    {
        if (ValuesOf(Variable.Args).Count >= Settings.ArgumentsLimit)
        {
            return false;
        }

        var value = new Value(name, text);
        Add(Variable.Args, value);
        Add(variable, value);
        return true;
    }

    public void FailBody(string message)
    {
        SetFlag(Variable.ReqbodyError);
        SetFlag(Variable.ReqbodyProcessorError);
        Set(Variable.ReqbodyErrorMsg, message);
        Set(Variable.ReqbodyProcessorErrorMsg, message);
    }

    public void SetResponse(int status, string protocol, IEnumerable<(string Name, string Value)> headers)
    {
        Set(Variable.ResponseStatus, status.ToString(CultureInfo.InvariantCulture));
        Set(Variable.ResponseProtocol, protocol);
        Set(Variable.StatusLine, $"{protocol} {status}");
        foreach (var (name, value) in headers)
        {
            Add(Variable.ResponseHeaders, new Value(name, value));
            if (name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
            {
                Set(Variable.ResponseContentType, value);
            }
            else if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                Set(Variable.ResponseContentLength, value);
            }
        }
    }

    public void SetResponseBody(string body) => Set(Variable.ResponseBody, body);

    // As the program behind a server is given it; a plus sign is one in a path.
    private static string WithoutEncoding(string path)
    {
        if (!path.Contains('%', StringComparison.Ordinal))
        {
            return path;
        }

        var decoded = new StringBuilder(path.Length);
        for (var at = 0; at < path.Length; at++)
        {
            var isEncoded = path[at] == '%' && Hex.Has(path, at + 1, 2);
            decoded.Append(isEncoded ? (char)Hex.Read(path, at + 1, 2) : path[at]);
            at += isEncoded ? 2 : 0;
        }

        return decoded.ToString();
    }

    private static string WithoutAuthority(string target)
    {
        if (target.StartsWith('/'))
        {
            return target;
        }

        var scheme = target.IndexOf("://", StringComparison.Ordinal);
        if (scheme <= 0)
        {
            return target;
        }

        var path = target.AsSpan(scheme + 3).IndexOfAny('/', '?', '#');
        return path < 0 ? "/" : target[(scheme + 3 + path)..];
    }

    // What was made of arguments and headers before the body came.
    private void ResetDerived()
    {
        _values[(int)Variable.ArgsNames] = null;
        _values[(int)Variable.ArgsPostNames] = null;
        _values[(int)Variable.ArgsCombinedSize] = null;
        _values[(int)Variable.RequestBodyLength] = null;
        _values[(int)Variable.FullRequest] = null;
        _values[(int)Variable.FullRequestLength] = null;
        _xpaths = null;
    }

    private List<Value> Xml(string? selector)
    {
        if (Document is null || selector is null)
        {
            return None;
        }

        _xpaths ??= new Dictionary<string, List<Value>>(StringComparer.Ordinal);
        if (!_xpaths.TryGetValue(selector, out var values))
        {
            values = [];
            try
            {
                foreach (XPathNavigator node in Document.Select(selector))
                {
                    // The selector is the name: rules take values away by it.
                    values.Add(new Value(selector, Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(node.Value))));
                }
            }
            catch (Exception e) when (e is XPathException or XmlException)
            {
                // A name without its namespace selects nothing.
            }

            _xpaths[selector] = values;
        }

        return values;
    }
}
