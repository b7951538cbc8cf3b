using System.Reflection;
using FilterProxy.TestKit;
using Xunit.Sdk;

namespace FilterProxy.ScenarioTests;

/// <summary>A row of data for each of <see cref="TestTransports.Few"/>, which is the last argument.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class EachProtocolAttribute(params object?[] data) : DataAttribute
{
    /// <inheritdoc/>
    public override IEnumerable<object?[]> GetData(MethodInfo testMethod) => TestTransports.Few.Select(transport => (object?[])[.. data, transport]);
}
