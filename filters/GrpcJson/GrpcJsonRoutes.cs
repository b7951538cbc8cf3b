using FilterProxy.Filters.Lib.Protobuf;

namespace FilterProxy.Filters.GrpcJson;

/// <summary>Which method a request calls, by its HTTP rules.</summary>
internal sealed class GrpcJsonRoutes
{
    private readonly List<(string Method, PathTemplate Template, HttpRule Rule, MethodType Call)> _routes = [];
    private readonly Dictionary<string, MethodType> _direct = [];

    /// <exception cref="ProtobufException">A rule names what is not there, or a service is missing.</exception>
    public GrpcJsonRoutes(DescriptorSet descriptors, GrpcJsonOptions options)
    {
        var missing = options.Services.Except(descriptors.Methods.Select(m => m.Service)).ToList();
        if (missing.Count > 0)
        {
            throw new ProtobufException($"there is no service {string.Join(", ", missing)}");
        }

        foreach (var method in descriptors.Methods.Where(m => options.Services.Count == 0 || options.Services.Contains(m.Service)))
        {
            if (method.ClientStreams)
            {
                continue;
            }

            foreach (var rule in method.Rules)
            {
                _routes.Add((rule.Method, PathTemplate.Parse(rule.Template), Check(rule, method), method));
            }

            if (options.Direct)
            {
                _direct[method.Path] = method;
            }
        }

        _routes.Sort((a, b) => b.Template.Literals.CompareTo(a.Template.Literals));
    }

    /// <summary>The call of a request; null when it is none.</summary>
    public GrpcJsonCall? Find(string method, string path)
    {
        foreach (var (verb, template, rule, call) in _routes)
        {
            if ((verb == method || verb == "*") && template.TryMatch(path, out var values))
            {
                return new GrpcJsonCall(call, rule, values);
            }
        }

        return method == "POST" && _direct.TryGetValue(path, out var direct)
            ? new GrpcJsonCall(direct, new HttpRule("POST", path, "*", ""), [])
            : null;
    }

    private static HttpRule Check(HttpRule rule, MethodType method)
    {
        if (rule.Body is not ("" or "*") && method.Input.Find(rule.Body) is null)
        {
            throw new ProtobufException($"{method.Path}: {method.Input.Name} has no field '{rule.Body}' for the body");
        }

        if (rule.ResponseBody.Length > 0 && method.Output.Find(rule.ResponseBody) is null)
        {
            throw new ProtobufException($"{method.Path}: {method.Output.Name} has no field '{rule.ResponseBody}' for the response");
        }

        return rule;
    }
}
