#include "sluice/lease.h"

#include "library/lease_impl.h"

namespace sluice {
namespace {

const std::string kNoDatabase;

}  // namespace

Lease::Lease() noexcept = default;
Lease::Lease(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Lease::Lease(Lease&&) noexcept = default;
Lease& Lease::operator=(Lease&&) noexcept = default;
Lease::~Lease() = default;

const std::string& Lease::db_id() const { return impl_ ? impl_->loan().db_id() : kNoDatabase; }
void Lease::release() { impl_.reset(); }
void* Lease::native() const { return impl_ ? impl_->loan().native() : nullptr; }

}  // namespace sluice
