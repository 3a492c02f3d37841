// What pins the type information of the classes that others derive from into the library.
#include "sluice/observer.h"
#include "sluice/query.h"

namespace sluice {

Observer::~Observer() = default;
RowSink::~RowSink() = default;

}  // namespace sluice
